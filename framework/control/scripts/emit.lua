-- Moves nothing: events of a session, by the runner that has it.
-- ARGV: session, epoch, runner, then events as CloudEvents JSON.
local sid = ARGV[2]
local s = get(sid, 'state', 'epoch', 'runner', 'tenant')
if s[2] ~= ARGV[3] or s[3] ~= ARGV[4] then return 'fenced' end
for i = 5, #ARGV do publish(sid, s[4], ARGV[i]) end
return 'ok'
