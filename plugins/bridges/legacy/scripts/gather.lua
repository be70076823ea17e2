-- Take queued messages, each under a stamp that is never given twice.
-- KEYS: lease, processing, failed, number. ARGV: who, 24 digits of the stamps, then pairs of list and room.
local taken = 0
for i = 3, #ARGV, 2 do
  for _, text in ipairs(redis.call('LPOP', ARGV[i], 100) or {}) do
    taken = taken + 1
    local stamp = ARGV[2] .. string.format('%08d', redis.call('INCR', KEYS[4]) % 100000000)
    arrived(KEYS[2], KEYS[3], ARGV[i + 1], text, 'queued', 0, stamp)
  end
end
return taken
