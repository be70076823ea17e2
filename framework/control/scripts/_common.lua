-- What every move shares: names of keys, the clock, the queue, the pool, events, and the ends of a session.
-- KEYS[1] is the prefix `{convo:<env>}:` of all keys, ARGV[1] the caller's limits as JSON.
local P = KEYS[1]
local L = cjson.decode(ARGV[1])
local clock = redis.call('TIME')
local now = L.now or (clock[1] * 1000 + math.floor(clock[2] / 1000))

local function S(sid) return P .. 's:' .. sid end
local function R(rid) return P .. 'r:' .. rid end
local function KEPT(sid) return P .. 'keep:' .. sid end
local function OWN(rid) return P .. 'own:' .. rid end
local function ROOM(tenant, room) return P .. 'room:' .. tenant .. ':' .. room end
local function int(number) return string.format('%.0f', number) end
local function get(sid, ...) return redis.call('HMGET', S(sid), ...) end
local function number(text) return tonumber(text or '0') or 0 end

-- Redis, when full, refuses a script's first write if that write needs memory. A move that must not fail then, because it
-- keeps or ends what is accepted already, begins with a write that needs none.
local function whatever_the_memory() redis.call('DEL', P .. 'nothing') end

-- 1970-01-01 + ms as ISO 8601; the civil date by Howard Hinnant's days algorithm.
local function iso(ms)
  local days = math.floor(ms / 86400000)
  local left = ms - days * 86400000
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  local s = math.floor(left / 1000)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, doy - math.floor((153 * mp + 2) / 5) + 1,
    math.floor(s / 3600), math.floor(s / 60) % 60, s % 60, left % 1000)
end

local function publish(sid, tenant, text)
  redis.call('XADD', P .. 'ev', 'MAXLEN', '~', L.events, '*', 'tenant', tenant, 'session', sid, 'event', text)
  if sid ~= '' then
    redis.call('XADD', P .. 'ev:' .. sid, 'MAXLEN', '~', L.session_events, '*', 'tenant', tenant, 'session', sid, 'event', text)
  end
end

-- A CloudEvents 1.0 fact about a session, or about a runner when `sid` is empty.
local function tell(kind, sid, tenant, data)
  local count = redis.call('INCR', P .. 'told')
  publish(sid, tenant, cjson.encode({
    specversion = '1.0', id = int(now) .. '-' .. int(count), source = '/convo/' .. L.env, type = kind, subject = sid,
    time = iso(now), tenant = tenant, datacontenttype = 'application/json', data = data }))
end

local function count(what) redis.call('HINCRBY', P .. 'count', what, 1) end

-- --- A session's state, and the index of sessions by state --------------------------------------------------------------

local function to(sid, tenant, state, before)
  if before then
    redis.call('ZREM', P .. 'idx:' .. before, sid)
    redis.call('ZREM', P .. 'idx:' .. before .. ':' .. tenant, sid)
  end
  redis.call('ZADD', P .. 'idx:' .. state, now, sid)
  redis.call('ZADD', P .. 'idx:' .. state .. ':' .. tenant, now, sid)
  redis.call('HSET', S(sid), 'state', state, state .. '_at', int(now))
end

local function counted(states, tenant)
  local sum = 0
  for _, state in ipairs(states) do
    sum = sum + redis.call('ZCARD', P .. 'idx:' .. state .. (tenant and ':' .. tenant or ''))
  end
  return sum
end

local function live() return counted({'assigned', 'claimed', 'joined'}) end
local function due(sid, at) redis.call('ZADD', P .. 'due', at, sid) end

-- A fencing token: above all earlier ones, and above those that a store which lost its memory gave out.
local function next_epoch(epoch) return math.max(number(epoch) + 1, now) end

-- --- The queue: tenants in turn within a priority ---------------------------------------------------------------------

local function WAITING(pool, priority, tenant) return P .. 'q:' .. pool .. ':' .. priority .. ':' .. tenant end
local TURN = 2 ^ 40

local function enqueue(sid)
  local s = get(sid, 'pool', 'priority', 'tenant', 'number', 'not_after')
  local turns, member = P .. 'turn:' .. s[1], s[2] .. '|' .. s[3]
  redis.call('ZADD', WAITING(s[1], s[2], s[3]), s[4], sid)
  if not redis.call('ZSCORE', turns, member) then
    local served = number(redis.call('HGET', P .. 'served:' .. s[1], s[2]))
    redis.call('ZADD', turns, number(s[2]) * TURN + served + 1, member)
  end
  redis.call('SADD', P .. 'pools', s[1])
  due(sid, number(s[5]))
end

local function unqueue(sid)
  local s = get(sid, 'pool', 'priority', 'tenant')
  local key = WAITING(s[1], s[2], s[3])
  redis.call('ZREM', key, sid)
  if redis.call('ZCARD', key) == 0 then redis.call('ZREM', P .. 'turn:' .. s[1], s[2] .. '|' .. s[3]) end
end

local function first_waiting(pool)
  local turn = redis.call('ZRANGE', P .. 'turn:' .. pool, 0, 0)[1]
  if not turn then return nil end
  local priority, tenant = string.match(turn, '^(%d)|(.*)$')
  return redis.call('ZRANGE', WAITING(pool, priority, tenant), 0, 0)[1], turn, priority
end

-- The tenant whose session was taken goes behind those who have waited as long.
local function take_turn(pool, turn, priority)
  local score = redis.call('ZSCORE', P .. 'turn:' .. pool, turn)
  redis.call('HSET', P .. 'served:' .. pool, priority, int(number(score) - number(priority) * TURN))
  redis.call('ZADD', P .. 'turn:' .. pool, number(score) + 1, turn)
end

-- How many are served before this one, itself included: those of higher priority, and of each tenant as many turns.
local function position(sid)
  local s = get(sid, 'pool', 'priority', 'tenant', 'state')
  if s[4] ~= 'queued' then return 0 end
  local mine = (redis.call('ZRANK', WAITING(s[1], s[2], s[3]), sid) or 0) + 1
  local before = mine
  for _, turn in ipairs(redis.call('ZRANGE', P .. 'turn:' .. s[1], 0, 99)) do
    local priority, tenant = string.match(turn, '^(%d)|(.*)$')
    local waiting = redis.call('ZCARD', WAITING(s[1], priority, tenant))
    if priority < s[2] then before = before + waiting
    elseif priority == s[2] and tenant ~= s[3] then before = before + math.min(waiting, mine) end
  end
  return before
end

-- --- The pool: free slots are computed, so they cannot leak -------------------------------------------------------------

local function repool(rid)
  local r = redis.call('HMGET', R(rid), 'capacity', 'pool', 'draining', 'dead')
  if not r[1] then return end
  local free = number(r[1]) - redis.call('SCARD', OWN(rid))
  if free > 0 and r[3] ~= '1' and r[4] ~= '1' then redis.call('ZADD', P .. 'pool:' .. r[2], free, rid)
  else redis.call('ZREM', P .. 'pool:' .. r[2], rid) end
end

local function release(sid, rid)
  if rid and rid ~= '' then
    redis.call('SREM', OWN(rid), sid)
    repool(rid)
  end
end

-- The fullest runner that has a slot and is alive: so that others empty and can be drained. The one that had the session
-- last, and did not begin it, gets it again only when there is no other.
local function free_runner(pool, last)
  local at, again = 0, nil
  for _ = 1, 64 do
    local rid = redis.call('ZRANGE', P .. 'pool:' .. pool, at, at)[1]
    if not rid then break end
    if number(redis.call('ZSCORE', P .. 'alive', rid)) <= now then redis.call('ZREM', P .. 'pool:' .. pool, rid)
    elseif rid ~= last then return rid
    else at, again = at + 1, rid end
  end
  return again
end

-- A hint: what counts is what the scripts answer. Hints that nobody read in time say nothing new.
local function command(rid, op, sid, epoch, reason)
  redis.call('XADD', P .. 'cmd:' .. rid, 'MAXLEN', '~', 1000, '*', 'op', op, 'session', sid, 'epoch', epoch, 'reason', reason)
end

-- queued → assigned
local function assign(sid, rid)
  local s = get(sid, 'epoch', 'tenant')
  local epoch = int(next_epoch(s[1]))
  unqueue(sid)
  to(sid, s[2], 'assigned', 'queued')
  redis.call('HSET', S(sid), 'epoch', epoch, 'runner', rid)
  redis.call('SADD', OWN(rid), sid)
  repool(rid)
  due(sid, now + L.claim_ms)
  command(rid, 'start', sid, epoch, '')
  tell('session.assigned', sid, s[2], { runner = rid, epoch = number(epoch) })
end

-- Gives sessions that wait in `queue` to runners of `pool`, `most` at most; how many it gave.
local function dispatch(queue, pool, most)
  local given = 0
  local room = L.max_live - live()
  while given < most and given < room do
    local sid, turn, priority = first_waiting(queue)
    if not sid then break end
    local rid = free_runner(pool, redis.call('HGET', S(sid), 'last'))
    if not rid then break end
    take_turn(queue, turn, priority)
    assign(sid, rid)
    given = given + 1
  end
  return given
end

-- claimed → joined
local function enter(sid, tenant, rid, epoch)
  to(sid, tenant, 'joined', 'claimed')
  redis.call('HSET', S(sid), 'end_by', int(now + L.session_ms))
  tell('session.joined', sid, tenant, { runner = rid, epoch = number(epoch) })
  tell('bot.session.start', sid, tenant, { runner = rid })
end

-- A lease once given is kept: its holder counts on it. Whatever else ends a session early stops its renewals only.
local function lease(sid) due(sid, now + L.lease_ms) end

-- assigned, claimed, joined → queued, fenced from this moment on.
local function requeue(sid, why)
  local s = get(sid, 'state', 'tenant', 'runner', 'epoch')
  local epoch = int(next_epoch(s[4]))
  to(sid, s[2], 'queued', s[1])
  redis.call('HSET', S(sid), 'epoch', epoch, 'runner', '', 'last', s[3], 'phase', '', 'node', '')
  release(sid, s[3])
  enqueue(sid)
  tell('session.requeued', sid, s[2], { from = s[3], epoch = number(epoch), reason = why })
end

-- --- Ends ---------------------------------------------------------------------------------------------------------------

local function audit(order, sid, tenant, kind, by, status)
  redis.call('XADD', P .. 'audit', 'MAXLEN', '~', L.events, '*', 'order', order, 'session', sid, 'tenant', tenant, 'kind', kind,
    'by', by, 'status', status)
end

local function settle(order, sid, tenant, status, why, final)
  local o = redis.call('HMGET', P .. 'o:' .. order, 'kind', 'by')
  redis.call('HSET', P .. 'o:' .. order, 'status', status, 'why', why, 'final', final, 'changed_at', int(now))
  tell('order.' .. status, sid, tenant, { order = order, kind = o[1] or '', final = final == '1', why = why })
  if final == '1' then
    redis.call('ZREM', P .. 'open:' .. sid, order)
    audit(order, sid, tenant, o[1] or '', o[2] or '', status)
  end
end

-- any open state → ended(reason), failed(reason)
local function finish(sid, state, reason, message)
  local s = get(sid, 'state', 'tenant', 'room', 'role', 'runner', 'epoch', 'bot')
  if s[1] == 'queued' then unqueue(sid) end
  redis.call('ZREM', P .. 'due', sid)
  redis.call('DEL', KEPT(sid))
  to(sid, s[2], state, s[1])
  redis.call('HSET', S(sid), 'reason', reason, 'message', message, 'over_at', int(now), 'phase', '')
  if redis.call('HGET', ROOM(s[2], s[3]), s[4]) == sid then redis.call('HDEL', ROOM(s[2], s[3]), s[4]) end
  redis.call('SREM', P .. 'bot:' .. s[7], sid)
  release(sid, s[5])
  for _, order in ipairs(redis.call('ZRANGE', P .. 'open:' .. sid, 0, -1)) do
    settle(order, sid, s[2], 'refused', 'the session is over (' .. reason .. ')', '1')
  end
  count(state)
  count(state .. ':' .. reason)
  tell('session.' .. state, sid, s[2], { reason = reason, from = s[1], epoch = number(s[6]), runner = s[5] or '' })
  tell('bot.session.end', sid, s[2], { reason = reason })
  local keep = state == 'failed' and L.keep_failed_ms or L.keep_ended_ms
  for _, key in ipairs({ S(sid), P .. 'ev:' .. sid, P .. 'ord:' .. sid }) do redis.call('PEXPIRE', key, int(keep + 60000)) end
end
