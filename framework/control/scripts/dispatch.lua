-- Moves: queued → assigned, for as many as there are free runners.
-- ARGV: the pool whose queue is served, the pool whose runners are taken (another one while builds change), how many at most.
return dispatch(ARGV[2], ARGV[3], tonumber(ARGV[4]))
