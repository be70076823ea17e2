-- Remove what is under way under a stamp; with a reason it has failed. Removed before, it changes nothing.
-- KEYS: lease, processing, failed. ARGV: who, stamp, reason, what it was, as JSON.
for _, entry in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  if string.sub(entry, 1, #ARGV[2]) == ARGV[2] then
    redis.call('LREM', KEYS[2], 1, entry)
    if ARGV[3] ~= '' then
      local what = cjson.decode(ARGV[4])
      what.reason = ARGV[3]
      failed(KEYS[3], what)
    end
    return 1
  end
end
return 0
