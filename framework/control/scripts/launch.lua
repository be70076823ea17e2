-- Moves no session. Launches: as many new ones as are wanted beyond those under way, so that operators together don't
-- start more than one would.
-- ARGV: pool, how many are to be under way, how long one may take to register in ms, then ids for new ones.
local pool, want, patience = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local under_way, added = 0, {}
local all = redis.call('HGETALL', P .. 'launches')
for i = 1, #all, 2 do
  local launch = cjson.decode(all[i + 1])
  if launch.pool == pool and launch.at + patience > now then under_way = under_way + 1 end
end
for i = 5, #ARGV do
  if under_way >= want then break end
  redis.call('HSET', P .. 'launches', ARGV[i], cjson.encode({ pool = pool, at = now }))
  added[#added + 1] = ARGV[i]
  under_way = under_way + 1
end
return added
