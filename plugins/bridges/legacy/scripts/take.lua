-- Move jobs to those under way, each under a stamp of its own, so that two equal jobs are two. A stamp is never given
-- twice, also where this call is made again because its answer was lost.
-- KEYS: lease, queue, processing, failed, number. ARGV: who, most under way, largest job, how many, 24 digits of stamps.
local moved = {}
local under_way = redis.call('LLEN', KEYS[3])
for _ = 1, tonumber(ARGV[4]) do
  if under_way >= tonumber(ARGV[2]) then break end
  local job = redis.call('LPOP', KEYS[2])
  if not job then break end
  if #job > tonumber(ARGV[3]) then
    failed(KEYS[4], { reason = 'it has ' .. #job .. ' bytes; ' .. ARGV[3] .. ' are the most', entry = string.sub(job, 1, 200) })
  else
    moved[#moved + 1] = ARGV[5] .. string.format('%08d', redis.call('INCR', KEYS[5]) % 100000000) .. ' ' .. job
    redis.call('RPUSH', KEYS[3], moved[#moved])
    under_way = under_way + 1
  end
end
return moved
