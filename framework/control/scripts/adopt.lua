-- Moves: nothing, queued, assigned, claimed → claimed or joined, for a runner whose session the store has forgotten, or has
-- as it was some seconds ago: under an older epoch, or not as far as the runner. An epoch below the store's changes nothing.
-- ARGV: the runner's id, the session as JSON, its spec.
local rid, q = ARGV[2], cjson.decode(ARGV[3])
local sid, epoch = q.session, q.epoch
local s = get(sid, 'state', 'epoch', 'runner', 'tenant', 'room', 'role')
local room = ROOM(q.tenant, q.room)
if redis.call('EXISTS', R(rid)) == 0 then return 'fenced' end
if s[1] == 'ended' or s[1] == 'failed' then return 'fenced' end
if s[1] and (s[4] ~= q.tenant or s[5] ~= q.room or s[6] ~= q.role) then return 'fenced' end
if s[1] and number(s[2]) > number(epoch) then return 'fenced' end
if s[1] and s[2] == epoch then
  if s[3] ~= rid then return 'fenced' end
  if s[1] ~= 'assigned' and not (s[1] == 'claimed' and q.state == 'joined') then
    lease(sid)
    return 'again'
  end
end
local holder = redis.call('HGET', room, q.role)
if holder and holder ~= sid then return 'fenced' end

if s[1] == 'queued' then unqueue(sid) end
if s[1] and s[3] ~= '' and s[3] ~= rid then release(sid, s[3]) end
redis.call('HSET', room, q.role, sid)
redis.call('SADD', P .. 'tenants', q.tenant)
if not s[1] then
  redis.call('SADD', P .. 'bot:' .. q.bot, sid)
  redis.call('HSET', S(sid), 'tenant', q.tenant, 'room', q.room, 'role', q.role, 'bot', q.bot, 'pool', q.pool,
    'priority', q.priority, 'number', redis.call('INCR', P .. 'number'), 'not_after', int(q.not_after > 0 and q.not_after or now + L.queue_ms), 'on_lost', q.on_lost,
    'fingerprint', q.fingerprint, 'attempts', '0', 'spec', ARGV[4])
end
to(sid, q.tenant, q.state, s[1])
redis.call('HSET', S(sid), 'epoch', epoch, 'runner', rid, 'start_by', int(now + L.start_ms),
  'claimed_at', int(now), 'end_by', int(q.joined_at > 0 and q.joined_at + L.session_ms or now + L.session_ms))
redis.call('SADD', OWN(rid), sid)
repool(rid)
lease(sid)
tell('session.adopted', sid, q.tenant, { runner = rid, epoch = number(epoch) })
return 'ok'
