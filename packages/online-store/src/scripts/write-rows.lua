--[[
Writes packed rows, each unless the stored one is newer or the entity is erased.

KEYS[i]           hash of the entity of row i, of n rows; a key may come several times
KEYS[n + i]       tombstones of its slot
ARGV[1]           field of all rows: view reference, 'ad_image@1'
ARGV[2]           TTL in ms, or 'forever'
ARGV[i + 2]       packed row; bytes 6 to 22 are its order key, in every row format
ARGV[n + 2 + i]   hash of the entity's key; empty or absent: the caller knows of no tombstones in the slot

Returns one character per row: '2' created, '1' replaced, '0' stale, 'x' erased, '?' there are tombstones: send the hash.

A row with an equal order key is written again: a retry, or the repair of a damaged row.
Expiry of the hash: the longest TTL of its rows, counted from the write; 'forever' removes it.
On a Cluster the caller sends the rows of one entity per call.
]]
local call, byte = redis.call, string.byte

-- string comparison in Lua follows the locale (strcoll): bytes are compared one by one
local function is_older(row, other)
  if #other < 22 then return false end
  for i = 6, 22 do
    local mine, theirs = byte(row, i), byte(other, i)
    if mine ~= theirs then return mine < theirs end
  end
  return false
end

local field, ttl, results = ARGV[1], ARGV[2], {}
local rows = #KEYS / 2
for i = 1, rows do
  local key = KEYS[i]
  local row = ARGV[i + 2]
  local hash = ARGV[rows + 2 + i] or ''
  local stored = call('HGET', key, field)
  if hash == '' and call('EXISTS', KEYS[rows + i]) == 1 then
    results[i] = '?'
  elseif hash ~= '' and call('HEXISTS', KEYS[rows + i], hash) == 1 then
    results[i] = 'x'
  elseif stored and is_older(row, stored) then
    results[i] = '0'
  else
    local left = call('PTTL', key) -- -2: no such key, -1: never expires
    call('HSET', key, field, row)
    if ttl == 'forever' then
      if left >= 0 then call('PERSIST', key) end
    elseif left == -2 or (left >= 0 and left < tonumber(ttl)) then
      call('PEXPIRE', key, ttl)
    end
    results[i] = stored and '1' or '2'
  end
end
return table.concat(results)
