-- A message comes by several ways: published, as each gateway hears it, and queued. The n-th copy that comes by one way
-- is the n-th that comes by another; a message with an id of its own is one, however often it comes.
local LARGEST, MOST = 65536, 1000
local REMEMBERED_MS, IDS_REMEMBERED_MS = 60000, 3600000

local function own_id(text)
  if not string.find(text, '^%s*{') then return nil end
  local read, message = pcall(cjson.decode, text)
  if not read or type(message) ~= 'table' then return nil end
  for _, name in ipairs({ 'id', 'message_id', 'messageId', 'order_id' }) do
    local value = message[name]
    if type(value) == 'string' and value ~= '' then return value end
    if type(value) == 'number' then return string.format('%.17g', value) end
  end
  return nil
end

-- Copies that came before this way was open count as if they had come by it.
local function told_before(key, told, since)
  local before = 0
  for i = 1, told do
    if tonumber(redis.call('HGET', key, 'at:' .. i)) < since then before = before + 1 end
  end
  return before
end

-- Put a message among those to be carried out, unless it is there already. `stamp` is of this very copy.
local function arrived(processing, list, room, text, way, since, stamp)
  if #text > LARGEST then
    return failed(list, { room = room, reason = 'it has ' .. #text .. ' bytes; ' .. LARGEST .. ' are the most' })
  end
  local own = own_id(text)
  local key = 'admin:seen:' .. redis.sha1hex(room .. '\n' .. (own and 'id ' .. own or 'text ' .. text))
  if redis.call('HSETNX', key, 'copy:' .. stamp, 1) == 0 then return end
  local told = tonumber(redis.call('HGET', key, 'told') or '0')
  if since > 0 and redis.call('HEXISTS', key, way) == 0 then redis.call('HSET', key, way, told_before(key, told, since)) end
  local copies = redis.call('HINCRBY', key, way, 1)
  redis.call('PEXPIRE', key, own and IDS_REMEMBERED_MS or REMEMBERED_MS)
  if copies <= told or (own and told > 0) then return end
  local clock = redis.call('TIME')
  local now = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))
  redis.call('HSET', key, 'told', told + 1, 'at:' .. (told + 1), now)
  if redis.call('LLEN', processing) >= MOST then
    return failed(list, { room = room, reason = 'too many messages wait', message = text })
  end
  redis.call('RPUSH', processing, stamp .. ' ' .. now .. ' ' .. #room .. ' ' .. room .. text)
end
