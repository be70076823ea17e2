-- Moves nothing: a session's last checkpoint, by the runner that has it; an empty one forgets it.
-- ARGV: session, epoch, runner, checkpoint.
local sid = ARGV[2]
local s = get(sid, 'state', 'epoch', 'runner')
if s[2] ~= ARGV[3] or s[3] ~= ARGV[4] or not (s[1] == 'claimed' or s[1] == 'joined') then return 'fenced' end
if ARGV[5] == '' then redis.call('DEL', KEPT(sid))
else redis.call('SET', KEPT(sid), ARGV[5], 'PX', int(L.session_ms + L.queue_ms)) end
return 'ok'
