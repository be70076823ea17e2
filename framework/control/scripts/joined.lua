-- Moves: claimed → joined.
-- ARGV: session, epoch, runner.
local sid, epoch, rid = ARGV[2], ARGV[3], ARGV[4]
local s = get(sid, 'state', 'epoch', 'runner', 'tenant', 'stop_by')
whatever_the_memory()
if s[2] ~= epoch or s[3] ~= rid then return 'fenced' end
if s[1] == 'joined' then return 'again' end
if s[1] ~= 'claimed' then return 'fenced' end
to(sid, s[4], 'joined', 'claimed')
redis.call('HSET', S(sid), 'end_by', int(now + L.session_ms))
due(sid, s[5] and math.min(now + L.lease_ms, number(s[5])) or now + L.lease_ms)
tell('session.joined', sid, s[4], { runner = rid, epoch = number(epoch) })
tell('bot.session.start', sid, s[4], { runner = rid })
return 'ok'
