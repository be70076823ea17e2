-- Moves: claimed → joined, when the runner says that it is so and its word was lost; then queued → assigned, as far as the
-- runner has slots. The leases of claimed and joined sessions go on, up to their deadlines: past those they are fenced, and
-- swept when the last lease is over, as are those that the runner no longer mentions.
-- ARGV: the runner's id, and its whole report as JSON: [[session, epoch, phase, node], …].
local rid, report = ARGV[2], cjson.decode(ARGV[3])
whatever_the_memory()
local known = redis.call('EXISTS', R(rid)) == 1
local fenced, missing, stop, start, orders, said = {}, {}, {}, {}, {}, {}

-- Whether the session has lasted as long as it may, and whether it is too late for whatever it was to do. Time in which it
-- had no lease does not count: the store was away, or its clock has jumped.
local function deadlines(sid, state)
  local had = number(redis.call('ZSCORE', P .. 'due', sid))
  local by = redis.call('HMGET', S(sid), 'start_by', 'end_by', 'stop_by')
  for i, field in ipairs({ 'start_by', 'end_by', 'stop_by' }) do
    if had > 0 and had < now and by[i] and number(by[i]) > had then
      by[i] = number(by[i]) + now - had
      redis.call('HSET', S(sid), field, int(by[i]))
    end
  end
  local last = state == 'joined' and number(by[2]) <= now
  local overdue = state == 'claimed' and number(by[1]) <= now or state == 'joined' and number(by[2]) + L.leave_ms <= now
    or by[3] and number(by[3]) <= now
  return last, overdue
end

for _, entry in ipairs(report) do
  local sid, epoch = entry[1], entry[2]
  local s = get(sid, 'state', 'epoch', 'runner', 'tenant', 'stop')
  said[sid] = true
  if not s[1] then missing[#missing + 1] = sid
  elseif s[2] ~= epoch or s[3] ~= rid or not (s[1] == 'assigned' or s[1] == 'claimed' or s[1] == 'joined') then
    -- An older epoch than the runner's is a store that lost its last seconds: the runner may adopt.
    if number(s[2]) < number(epoch) and s[1] ~= 'ended' and s[1] ~= 'failed' then missing[#missing + 1] = sid
    else fenced[#fenced + 1] = sid end
  elseif s[1] == 'assigned' then missing[#missing + 1] = sid
  else
    if s[1] == 'claimed' and (entry[3] == 'waiting' or entry[3] == 'talking') then
      enter(sid, s[4], rid, epoch)
      s[1] = 'joined'
    end
    local last, overdue = deadlines(sid, s[1])
    if overdue then
      redis.call('HSET', S(sid), 'epoch', int(next_epoch(epoch)))
      fenced[#fenced + 1] = sid
    else
      lease(sid)
      if s[5] or last then stop[#stop + 1] = sid; stop[#stop + 1] = s[5] or 'timeout' end
      redis.call('HSET', S(sid), 'phase', entry[3], 'node', entry[4])
      if redis.call('EXISTS', P .. 'open:' .. sid) == 1 then orders[#orders + 1] = sid end
    end
  end
end

if known then
  for _, sid in ipairs(redis.call('SMEMBERS', OWN(rid))) do
    if not said[sid] then
      local s = get(sid, 'state', 'runner', 'epoch')
      if not s[1] or s[2] ~= rid then redis.call('SREM', OWN(rid), sid)
      elseif s[1] == 'assigned' then start[#start + 1] = sid; start[#start + 1] = s[3] end
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
