-- Write the pool anew. KEYS: lease, pool. ARGV: who, `list` or `set`, for how many ms, addresses.
redis.call('DEL', KEYS[2])
for i = 4, #ARGV do redis.call(ARGV[2] == 'set' and 'SADD' or 'RPUSH', KEYS[2], ARGV[i]) end
if #ARGV >= 4 then redis.call('PEXPIRE', KEYS[2], ARGV[3]) end
return 1
