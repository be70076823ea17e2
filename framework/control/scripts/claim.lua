-- Moves: assigned → claimed; assigned → failed(expired), when it would begin after its `not_after`. A lease goes with `ok` and
-- with `again`.
-- ARGV: session, epoch, runner. Answers what to run, what a runner needs to adopt it later, and where it left off.
local sid, epoch, rid = ARGV[2], ARGV[3], ARGV[4]
local s = get(sid, 'state', 'epoch', 'runner', 'tenant', 'not_after')
whatever_the_memory()
local function answer(word)
  local found = get(sid, 'spec', 'room', 'pool', 'priority', 'on_lost', 'not_after', 'fingerprint')
  found[#found + 1] = redis.call('GET', KEPT(sid)) or ''
  return { word, unpack(found) }
end
if s[2] ~= epoch or s[3] ~= rid then return { 'fenced' } end
if s[1] == 'claimed' or s[1] == 'joined' then
  lease(sid)
  return answer('again')
end
if s[1] ~= 'assigned' then return { 'fenced' } end
if number(s[5]) <= now then
  finish(sid, 'failed', 'expired', 'nobody could begin it in time')
  return { 'expired' }
end
to(sid, s[4], 'claimed', 'assigned')
redis.call('HSET', S(sid), 'start_by', int(now + L.start_ms), 'phase', 'starting')
lease(sid)
tell('session.claimed', sid, s[4], { runner = rid, epoch = number(epoch) })
return answer('ok')
