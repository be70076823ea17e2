-- Moves no session. A launch that came to nothing is forgotten; whoever is first tells why.
-- ARGV: the launch's id, why it came to nothing. Answers 1 to the first.
local launch, why = ARGV[2], ARGV[3]
local text = redis.call('HGET', P .. 'launches', launch)
if not text then return 0 end
local pool = cjson.decode(text).pool
redis.call('HDEL', P .. 'launches', launch)
if why ~= '' then
  count('launch.failed:' .. pool)
  tell('launch.failed', '', '*', { launch = launch, pool = pool, reason = why })
end
return 1
