-- Moves: a runner into its pool; then queued → assigned, as far as it has slots.
-- ARGV: the runner's id, and its description as JSON. One that drains goes on draining.
local rid, r = ARGV[2], cjson.decode(ARGV[3])
local known = redis.call('EXISTS', R(rid))
local draining = r.draining or redis.call('HGET', R(rid), 'draining') == '1'
redis.call('HSET', R(rid), 'capacity', int(r.capacity), 'pool', r.pool, 'address', r.address, 'launch', r.launch, 'name', r.name,
  'build', r.build, 'draining', draining and '1' or '0', 'dead', '0', 'registered_at', int(now))
redis.call('PERSIST', R(rid))
redis.call('PERSIST', P .. 'cmd:' .. rid)
redis.call('SADD', P .. 'pools', r.pool)
redis.call('ZADD', P .. 'alive', now + L.lease_ms, rid)
if r.launch ~= '' then redis.call('HDEL', P .. 'launches', r.launch) end
repool(rid)
if known == 0 then tell('runner.registered', '', '*', { runner = rid, pool = r.pool, capacity = r.capacity, name = r.name }) end
return dispatch(r.pool, r.pool, r.capacity)
