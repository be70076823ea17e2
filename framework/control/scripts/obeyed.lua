-- Moves no session. An order: accepted → applied → spoken, or → refused(why), by the runner that has its session.
-- ARGV: session, epoch, runner, order id, status, why, `1` when that was the last word.
local sid, order = ARGV[2], ARGV[5]
local s = get(sid, 'state', 'epoch', 'runner', 'tenant')
whatever_the_memory()
if s[2] ~= ARGV[3] or s[3] ~= ARGV[4] then return 'fenced' end
local o = redis.call('HMGET', P .. 'o:' .. order, 'session', 'final')
if o[1] ~= sid then return 'unknown' end
if o[2] == '1' then return 'again' end
settle(order, sid, s[4], ARGV[6], ARGV[7], ARGV[8])
return 'ok'
