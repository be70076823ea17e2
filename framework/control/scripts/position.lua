-- Moves nothing: a session's place in the queue, from 1; 0 when it doesn't wait.
-- ARGV: session.
return position(ARGV[2])
