-- Take away messages for which no bot came. Made again because its answer was lost, it takes no others.
-- KEYS: lease, list, failed. ARGV: who, room, how many, of how many.
if redis.call('LLEN', KEYS[2]) < tonumber(ARGV[4]) then return 0 end
local old = redis.call('LPOP', KEYS[2], ARGV[3]) or {}
for _, text in ipairs(old) do
  failed(KEYS[3], { room = ARGV[2], reason = 'no bot came to this room', message = string.sub(text, 1, 65536) })
end
return #old
