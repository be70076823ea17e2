-- Moves no session. An order: nothing → accepted, once for each id.
-- ARGV: session, order id, kind, who gave it, the order as JSON.
local sid, order, kind, by = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local s = get(sid, 'state', 'tenant', 'runner')
if not s[1] then return { 'unknown' } end
local o = redis.call('HMGET', P .. 'o:' .. order, 'session', 'status', 'why')
if o[1] then
  if o[1] ~= sid then return { 'taken' } end
  return { 'again', o[2], o[3] }
end
if s[1] == 'ended' or s[1] == 'failed' then return { 'over' } end
if redis.call('ZCARD', P .. 'open:' .. sid) >= 100 then return { 'full' } end
redis.call('HSET', P .. 'o:' .. order, 'session', sid, 'tenant', s[2], 'kind', kind, 'by', by, 'status', 'accepted', 'why', '',
  'final', '0', 'accepted_at', int(now), 'changed_at', int(now), 'order', ARGV[6])
redis.call('PEXPIRE', P .. 'o:' .. order, int(L.keep_failed_ms))
redis.call('ZADD', P .. 'open:' .. sid, redis.call('INCR', P .. 'number'), order)
redis.call('PEXPIRE', P .. 'open:' .. sid, int(L.keep_failed_ms))
redis.call('XADD', P .. 'ord:' .. sid, '*', 'id', order, 'order', ARGV[6])
tell('order.accepted', sid, s[2], { order = order, kind = kind, by = by })
audit(order, sid, s[2], kind, by, 'accepted')
if s[3] and s[3] ~= '' then command(s[3], 'orders', sid, '0', '') end
return { 'accepted', 'accepted', '' }
