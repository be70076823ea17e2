-- Moves: a runner out of its pool, for good; what is assigned to it and not claimed yet → queued → assigned elsewhere.
-- ARGV: the runner's id, `1` to leave one alone that has a session. Answers how many sessions it still has.
local rid, if_idle = ARGV[2], ARGV[3] == '1'
whatever_the_memory()
if redis.call('EXISTS', R(rid)) == 0 then return -1 end
if if_idle and redis.call('SCARD', OWN(rid)) > 0 then return redis.call('SCARD', OWN(rid)) end
local first = redis.call('HGET', R(rid), 'draining') ~= '1'
redis.call('HSET', R(rid), 'draining', '1')
repool(rid)
local owned = redis.call('SMEMBERS', OWN(rid))
table.sort(owned)
for _, sid in ipairs(owned) do
  local s = get(sid, 'state', 'runner', 'pool')
  if s[1] == 'assigned' and s[2] == rid then
    requeue(sid, 'drained')
    dispatch(s[3], s[3], 1)
  end
end
if first then
  command(rid, 'drain', '', '0', '')
  tell('runner.draining', '', '*', { runner = rid })
end
return redis.call('SCARD', OWN(rid))
