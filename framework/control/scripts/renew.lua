-- Moves: none by itself; the leases of claimed and joined sessions go on. One that the runner no longer has falls due.
-- Then queued → assigned, as far as the runner has slots.
-- ARGV: the runner's id, and its whole report as JSON: [[session, epoch, phase, node], …].
local rid, report = ARGV[2], cjson.decode(ARGV[3])
whatever_the_memory()
local known = redis.call('EXISTS', R(rid)) == 1
local fenced, missing, stop, start, orders, said = {}, {}, {}, {}, {}, {}

for _, entry in ipairs(report) do
  local sid, epoch = entry[1], entry[2]
  local s = get(sid, 'state', 'epoch', 'runner', 'start_by', 'end_by', 'stop', 'stop_by')
  said[sid] = true
  if not s[1] then missing[#missing + 1] = sid
  elseif s[2] ~= epoch or s[3] ~= rid or not (s[1] == 'assigned' or s[1] == 'claimed' or s[1] == 'joined') then
    -- An older epoch than the runner's is a store that lost its last seconds: the runner may adopt.
    if number(s[2]) < number(epoch) and s[1] ~= 'ended' and s[1] ~= 'failed' then missing[#missing + 1] = sid
    else fenced[#fenced + 1] = sid end
  elseif s[1] ~= 'assigned' then
    local at = now + L.lease_ms
    if s[1] == 'claimed' then at = math.min(at, number(s[4])) end
    if s[1] == 'joined' then
      at = math.min(at, number(s[5]) + L.leave_ms)
      if now >= number(s[5]) and not s[6] then stop[#stop + 1] = sid; stop[#stop + 1] = 'timeout' end
    end
    if s[6] then
      at = math.min(at, number(s[7]))
      stop[#stop + 1] = sid
      stop[#stop + 1] = s[6]
    end
    due(sid, at)
    redis.call('HSET', S(sid), 'phase', entry[3], 'node', entry[4])
    if redis.call('EXISTS', P .. 'open:' .. sid) == 1 then orders[#orders + 1] = sid end
  end
end

if known then
  for _, sid in ipairs(redis.call('SMEMBERS', OWN(rid))) do
    if not said[sid] then
      local s = get(sid, 'state', 'runner', 'epoch', 'claimed_at')
      if not s[1] or s[2] ~= rid then redis.call('SREM', OWN(rid), sid)
      elseif s[1] == 'assigned' then start[#start + 1] = sid; start[#start + 1] = s[3]
      elseif number(s[4]) < now - L.lease_ms / 2 then due(sid, now - 1) end
    end
  end
  redis.call('HSET', R(rid), 'dead', '0')
  redis.call('PERSIST', R(rid))
  redis.call('PERSIST', P .. 'cmd:' .. rid)
  redis.call('ZADD', P .. 'alive', now + L.lease_ms, rid)
  repool(rid)
  local pool = redis.call('HGET', R(rid), 'pool')
  dispatch(pool, pool, 8)
end
return { known and 1 or 0, fenced, missing, stop, start, orders }
