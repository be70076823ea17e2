-- Moves, for what is past its deadline: queued → failed(expired); assigned, claimed → queued under a new epoch, or
-- failed(start) when no attempt is left; joined → failed(lost), or queued where the bot says `restart`;
-- joined → failed(timeout), failed(stuck) when its runner did not end it; a runner → dead.
-- After a restart of the store, and after a time in which nobody swept, holders have two leases to report first.
-- ARGV: the id of the store's run where it can't be asked here (the embedded one), how many of each at most.
local most = tonumber(ARGV[3])
local info = redis.pcall('INFO', 'server')
local run = type(info) == 'string' and string.match(info, 'run_id:(%w+)') or ARGV[2]
whatever_the_memory()
local m = redis.call('HMGET', P .. 'sweep', 'run', 'at', 'until')
local last, quiet = number(m[2]), number(m[3])
local back = last - now > 1000
if back or m[1] ~= run or now - last > L.lease_ms / 2 then quiet = now + 2 * L.lease_ms end
if back then
  -- The clock went back: deadlines lie too far ahead. Holders renew theirs; all others fall due when the quiet time ends.
  for _, rid in ipairs(redis.call('ZRANGEBYSCORE', P .. 'alive', '(' .. int(quiet), '+inf')) do
    redis.call('ZADD', P .. 'alive', quiet, rid)
  end
  for _, sid in ipairs(redis.call('ZRANGEBYSCORE', P .. 'due', '(' .. int(quiet), '+inf')) do
    if redis.call('HGET', S(sid), 'state') ~= 'queued' then
      redis.call('ZADD', P .. 'due', quiet, sid)
      for field, ms in pairs({ start_by = L.start_ms, end_by = L.session_ms, stop_by = L.leave_ms }) do
        local at = redis.call('HGET', S(sid), field)
        if at then redis.call('HSET', S(sid), field, int(math.min(number(at), now + ms))) end
      end
    end
  end
end
redis.call('HSET', P .. 'sweep', 'run', run, 'at', int(now), 'until', int(quiet))
local dead, requeued, failed = {}, {}, {}
local calm = now >= quiet

if calm then
  for _, rid in ipairs(redis.call('ZRANGEBYSCORE', P .. 'alive', '-inf', int(now), 'LIMIT', 0, most)) do
    local pool = redis.call('HGET', R(rid), 'pool')
    redis.call('ZREM', P .. 'alive', rid)
    if pool then
      redis.call('HSET', R(rid), 'dead', '1')
      redis.call('ZREM', P .. 'pool:' .. pool, rid)
    end
    for _, key in ipairs({ R(rid), P .. 'cmd:' .. rid }) do redis.call('PEXPIRE', key, 600000) end
    tell('runner.dead', '', '*', { runner = rid })
    dead[#dead + 1] = rid
  end
end

local function expire(sid)
  local s = get(sid, 'state', 'attempts', 'on_lost', 'stop', 'stop_by', 'end_by', 'not_after')
  if not s[1] or s[1] == 'ended' or s[1] == 'failed' then redis.call('ZREM', P .. 'due', sid) return end
  if s[1] == 'queued' then
    finish(sid, 'failed', 'expired', 'no runner had a place for it in time')
    failed[#failed + 1] = sid
    return
  end
  if not calm then return end
  local function fail(why, message)
    redis.call('HSET', S(sid), 'epoch', int(next_epoch(get(sid, 'epoch')[1])))
    finish(sid, 'failed', why, message)
    failed[#failed + 1] = sid
  end
  if s[1] == 'joined' and s[4] and number(s[5]) <= now then return fail('stuck', 'it did not end when it was told to') end
  if s[1] == 'joined' and number(s[6]) + L.leave_ms <= now then return fail('timeout', 'it lasted longer than sessions may') end
  if s[1] == 'joined' and (s[3] ~= 'restart' or s[4]) then return fail('lost', 'its runner was not heard of any more') end
  if s[4] then return fail('cancelled', 'it was cancelled before it began') end
  local attempts = number(s[2]) + 1
  redis.call('HSET', S(sid), 'attempts', int(attempts))
  if attempts >= L.attempts then return fail('start', int(attempts) .. ' runners could not begin it') end
  if number(s[7]) <= now and s[1] ~= 'joined' then return fail('expired', 'no runner could begin it in time') end
  if s[1] == 'joined' then redis.call('HSET', S(sid), 'not_after', int(now + L.queue_ms)) end
  requeue(sid, s[1])
  requeued[#requeued + 1] = sid
end
for _, sid in ipairs(redis.call('ZRANGEBYSCORE', P .. 'due', '-inf', int(now), 'LIMIT', 0, most)) do expire(sid) end

-- Forget those whose time in the list is over; their records expire by themselves a minute later.
for state, keep in pairs({ ended = L.keep_ended_ms, failed = L.keep_failed_ms }) do
  for _, sid in ipairs(redis.call('ZRANGEBYSCORE', P .. 'idx:' .. state, '-inf', int(now - keep), 'LIMIT', 0, most)) do
    redis.call('ZREM', P .. 'idx:' .. state, sid)
    local tenant = redis.call('HGET', S(sid), 'tenant')
    for _, one in ipairs(tenant and { tenant } or redis.call('SMEMBERS', P .. 'tenants')) do
      redis.call('ZREM', P .. 'idx:' .. state .. ':' .. one, sid)
    end
  end
end
return { calm and 0 or quiet - now, dead, requeued, failed }
