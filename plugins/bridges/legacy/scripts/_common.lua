-- What every script of the holder begins with: whoever has lost the lease changes nothing and gets nil.
-- KEYS[1]: the lease. ARGV[1]: who.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return nil end
