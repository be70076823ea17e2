-- Moves: queued, assigned → ended(reason). A claimed or joined session is told to leave, and has `leave_ms` for it; then its
-- lease is not renewed.
-- ARGV: session, reason.
local sid, reason = ARGV[2], ARGV[3]
local s = get(sid, 'state', 'runner', 'epoch', 'stop')
whatever_the_memory()
if not s[1] then return 'unknown' end
if s[1] == 'ended' or s[1] == 'failed' then return 'over' end
if s[1] == 'queued' or s[1] == 'assigned' then
  redis.call('HSET', S(sid), 'epoch', int(next_epoch(s[3])))
  finish(sid, 'ended', reason, '')
  if s[1] == 'assigned' then command(s[2], 'stop', sid, s[3], reason) end
  return 'ended'
end
if not s[4] then
  redis.call('HSET', S(sid), 'stop', reason, 'stop_by', int(now + L.leave_ms))
end
command(s[2], 'stop', sid, s[3], reason)
return 'stopping'
