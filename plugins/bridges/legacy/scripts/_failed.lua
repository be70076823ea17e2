-- Keep what nothing came of, newest first, the last thousand of a week.
local function failed(list, what)
  local clock = redis.call('TIME')
  what.at = tonumber(clock[1])
  redis.call('LPUSH', list, cjson.encode(what))
  redis.call('LTRIM', list, 0, 999)
  redis.call('EXPIRE', list, 604800)
end
