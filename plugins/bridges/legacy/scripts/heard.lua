-- A published message, as one gateway has heard it. KEYS: processing, failed.
-- ARGV: room, message, the subscription, since when it holds (ms), stamp.
arrived(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5])
return 1
