-- Moves: assigned, claimed, joined → ended(reason), failed(reason), by the runner that has it;
-- assigned, claimed → queued, where the runner could not begin it and attempts are left; joined → queued, where its process
-- is lost, the bot says `restart`, and attempts are left.
-- ARGV: session, epoch, runner, `ended` or `failed` or `refused`, reason, message.
local sid, epoch, rid, outcome = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local s = get(sid, 'state', 'epoch', 'runner', 'attempts', 'stop', 'on_lost')
whatever_the_memory()
if s[2] ~= epoch or s[3] ~= rid then return 'fenced' end
if s[1] == 'ended' or s[1] == 'failed' then return 'again' end
if s[1] ~= 'assigned' and s[1] ~= 'claimed' and s[1] ~= 'joined' then return 'fenced' end
local again = s[1] == 'joined' and outcome == 'failed' and ARGV[6] == 'lost' and s[6] == 'restart' and not s[5]
if again or outcome == 'refused' and s[1] ~= 'joined' then
  local attempts = number(s[4]) + 1
  redis.call('HSET', S(sid), 'attempts', int(attempts))
  if s[5] then finish(sid, 'ended', s[5], '')
  elseif attempts >= L.attempts then finish(sid, 'failed', again and 'lost' or 'start', ARGV[7])
  else
    if again then redis.call('HSET', S(sid), 'not_after', int(now + L.queue_ms)) end
    requeue(sid, ARGV[6])
    local pool = redis.call('HGET', S(sid), 'pool')
    dispatch(pool, pool, 1)
  end
else
  finish(sid, outcome == 'refused' and 'failed' or outcome, ARGV[6], ARGV[7])
end
local pool = redis.call('HGET', R(rid), 'pool')
if pool then dispatch(pool, pool, 1) end
return 'ok'
