-- Moves: claimed → joined.
-- ARGV: session, epoch, runner.
local sid, epoch, rid = ARGV[2], ARGV[3], ARGV[4]
local s = get(sid, 'state', 'epoch', 'runner', 'tenant')
whatever_the_memory()
if s[2] ~= epoch or s[3] ~= rid then return 'fenced' end
if s[1] == 'joined' then return 'again' end
if s[1] ~= 'claimed' then return 'fenced' end
enter(sid, s[4], rid, epoch)
lease(sid)
return 'ok'
