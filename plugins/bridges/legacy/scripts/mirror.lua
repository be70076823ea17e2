-- Write what is known of sessions, and how far the events have been read, in one step. The same position again changes
-- nothing. KEYS: lease, position. ARGV: who, position or nothing, lines kept, sessions: [{id, fields, lines, ttl_ms}].
if ARGV[2] ~= '' and redis.call('GET', KEYS[2]) == ARGV[2] then return 1 end
for _, session in ipairs(cjson.decode(ARGV[4])) do
  local key = 'session:' .. session.id
  redis.call('HSET', key, unpack(session.fields))
  redis.call('PEXPIRE', key, session.ttl_ms)
  for _, line in ipairs(session.lines) do redis.call('RPUSH', key .. ':logs', line) end
  redis.call('LTRIM', key .. ':logs', -tonumber(ARGV[3]), -1)
  redis.call('PEXPIRE', key .. ':logs', session.ttl_ms)
end
if ARGV[2] ~= '' then redis.call('SET', KEYS[2], ARGV[2]) end
return 1
