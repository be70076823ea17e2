-- Moves: nothing → queued; nothing → queued → assigned, where a runner is free.
-- Nothing changes when it answers anything else than `queued` or `assigned`.
local q = cjson.decode(ARGV[2])
local sid, room = q.session, ROOM(q.tenant, q.room)
local not_after = q.not_after > 0 and q.not_after or now + L.queue_ms

if q.key ~= '' then
  local first = redis.call('HMGET', P .. 'key:' .. q.tenant .. ':' .. q.key, 'session', 'fingerprint')
  if first[1] then
    if first[2] ~= q.fingerprint then return { 'mismatch', first[1] } end
    return { 'duplicate', first[1], redis.call('HGET', S(first[1]), 'state') or 'ended', position(first[1]) }
  end
end
local there = get(sid, 'tenant', 'state', 'fingerprint')
if there[1] then
  if there[1] ~= q.tenant or there[3] ~= q.fingerprint then return { 'taken', sid } end
  return { 'duplicate', sid, there[2], position(sid) }
end
local holder = redis.call('HGET', room, q.role)
if holder then return { 'busy', holder } end
if not_after <= now then return { 'expired', sid } end
if redis.call('ZCARD', P .. 'idx:queued') >= L.max_queued then return { 'full', sid } end
if q.tenant_queued > 0 and redis.call('ZCARD', P .. 'idx:queued:' .. q.tenant) >= q.tenant_queued then return { 'tenant_full', sid } end
if q.tenant_live > 0 and counted({'queued', 'assigned', 'claimed', 'joined'}, q.tenant) >= q.tenant_live then
  return { 'tenant_full', sid }
end
if q.bot_live > 0 and redis.call('SCARD', P .. 'bot:' .. q.bot) >= q.bot_live then return { 'bot_full', sid } end

redis.call('HSET', room, q.role, sid)
redis.call('SADD', P .. 'tenants', q.tenant)
redis.call('SADD', P .. 'bot:' .. q.bot, sid)
if q.key ~= '' then
  redis.call('HSET', P .. 'key:' .. q.tenant .. ':' .. q.key, 'session', sid, 'fingerprint', q.fingerprint)
  redis.call('PEXPIRE', P .. 'key:' .. q.tenant .. ':' .. q.key, int(L.keep_key_ms))
end
redis.call('HSET', S(sid), 'tenant', q.tenant, 'room', q.room, 'role', q.role, 'bot', q.bot, 'pool', q.pool,
  'priority', q.priority, 'number', redis.call('INCR', P .. 'number'), 'not_after', int(not_after), 'on_lost', q.on_lost,
  'fingerprint', q.fingerprint, 'epoch', '0', 'attempts', '0', 'runner', '', 'spec', ARGV[3])
to(sid, q.tenant, 'queued')
enqueue(sid)
count('joined:' .. q.pool)
tell('session.queued', sid, q.tenant, { bot = q.bot, pool = q.pool, priority = number(q.priority) })
dispatch(q.pool, q.pool, 1)
local state = redis.call('HGET', S(sid), 'state')
return { state, sid, state, position(sid) }
