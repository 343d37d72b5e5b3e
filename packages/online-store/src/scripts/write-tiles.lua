--[[
Merges tiles into rows of format 2, each unless the stored tile has a later version or the entity is erased.

KEYS[i]           hash of the entity of row i, of n rows; a key may come several times
KEYS[n + i]       tombstones of its slot
ARGV[1]           field of all rows: view reference, 'ad_stats@1'
ARGV[2]           TTL in ms
ARGV[3]           bytes of a tile before its sketches
ARGV[4]           sketches of a tile
ARGV[5]           for each window, separated by spaces: the oldest tile to keep, the most tiles to keep
ARGV[i + 5]       packed row with the tiles to merge
ARGV[n + 5 + i]   hash of the entity's key; empty or absent: the caller knows of no tombstones in the slot

Returns one character per row: '2' created, '1' replaced, '0' stale, 'x' erased, '?' there are tombstones: send the hash.
Created: there was no row, or one that cannot be read, so tiles that are not sent may be missing. Stale: nothing changed.

A tile with an equal version is written again: a retry. The order key becomes the later of both, so whatever the order of
writers, and however often each writes, the same tiles end in the row. Expiry as write-rows.lua.
On a Cluster the caller sends the rows of one entity per call.
]]
local call, byte, sub, unpack_at = redis.call, string.byte, string.sub, struct.unpack

local field, ttl = ARGV[1], tonumber(ARGV[2])
local fixed, sketches = tonumber(ARGV[3]), tonumber(ARGV[4])
local first, most = {}, {}
for oldest, tiles in string.gmatch(ARGV[5], '(-?%d+) (%d+)') do
  first[#first + 1], most[#most + 1] = tonumber(oldest), tonumber(tiles)
end

-- the end of the tile that starts at `at`; nil: the row ends before it
local function tile_end(row, at)
  local stop = at + fixed
  for _ = 1, sketches do
    if stop + 1 > #row then return nil end
    stop = stop + 2 + unpack_at('<I2', row, stop)
  end
  return stop <= #row + 1 and stop or nil
end

-- Merges one window, whose tiles start at `at` in `old` and at `new_at` in `new`.
-- Returns its bytes, the ends of both, and whether a tile of `new` was taken; nil: `old` is damaged.
local function merge(old, at, new, new_at, oldest, tiles)
  if at + 1 > #old then return nil end
  local left, new_left = unpack_at('<I2', old, at), unpack_at('<I2', new, new_at)
  at, new_at = at + 2, new_at + 2
  local kept, parts, taken, before = {}, {}, false, -1
  local from, stop -- a run of kept bytes of `old`
  local index, version, new_index, new_version
  while left > 0 or new_left > 0 do
    if left > 0 and not index then
      if at + 9 > #old then return nil end
      index, version = unpack_at('<I4I6', old, at)
      if index <= before then return nil end
      before = index
    end
    if new_left > 0 and not new_index then new_index, new_version = unpack_at('<I4I6', new, new_at) end
    local is_new = new_index and (not index or new_index < index or (new_index == index and new_version >= version))
    local this = is_new and new_index or index
    if is_new then
      local ends = tile_end(new, new_at)
      if this >= oldest then
        if from then parts[#parts + 1], from = sub(old, from, stop - 1), nil end
        parts[#parts + 1] = sub(new, new_at, ends - 1)
        kept[#kept + 1] = this
        taken = true
      end
      new_at, new_left, new_index = ends, new_left - 1, nil
    end
    if index == this then
      local ends = tile_end(old, at)
      if not ends then return nil end
      if not is_new and this >= oldest then
        from, stop = from or at, ends
        kept[#kept + 1] = this
      end
      at, left, index = ends, left - 1, nil
      if not is_new and new_index == this then
        new_at, new_left, new_index = tile_end(new, new_at), new_left - 1, nil
      end
    end
  end
  if #kept > tiles then return nil, at, new_at, taken, kept[#kept - tiles + 1] end
  if from then parts[#parts + 1] = sub(old, from, stop - 1) end
  return struct.pack('<I2', #kept) .. table.concat(parts), at, new_at, taken
end

-- Returns the merged row and whether it has a tile of `new`; nil: `old` is damaged.
local function merged(old, new)
  local at, new_at, any, parts = 23, 23, false, {}
  for w = 1, #first do
    local bytes, ends, new_ends, taken, oldest = merge(old, at, new, new_at, first[w], most[w])
    if oldest then bytes, ends, new_ends, taken = merge(old, at, new, new_at, oldest, most[w]) end
    if not bytes then return nil end
    at, new_at, any = ends, new_ends, any or taken
    parts[w] = bytes
  end
  if at ~= #old + 1 then return nil end
  return table.concat(parts), any
end

-- string comparison in Lua follows the locale (strcoll): bytes are compared one by one
local function later(row, other)
  for i = 6, 22 do
    local mine, theirs = byte(row, i), byte(other, i)
    if mine ~= theirs then return mine > theirs end
  end
  return false
end

local results = {}
local rows = #KEYS / 2
for i = 1, rows do
  local key, new = KEYS[i], ARGV[i + 5]
  local hash = ARGV[rows + 5 + i] or ''
  if hash == '' and call('EXISTS', KEYS[rows + i]) == 1 then
    results[i] = '?'
  elseif hash ~= '' and call('HEXISTS', KEYS[rows + i], hash) == 1 then
    results[i] = 'x'
  else
    local stored = call('HGET', key, field)
    if stored and sub(stored, 1, 5) ~= sub(new, 1, 5) then stored = false end
    local tiles, taken
    if stored then
      tiles, taken = merged(stored, new)
      if not tiles then stored = false end
    end
    if not stored then tiles, taken = merged(sub(new, 1, 22) .. string.rep('\0', 2 * #first), new) end
    local advances = stored and later(new, stored)
    if taken or advances then
      local left = call('PTTL', key) -- -2: no such key, -1: never expires
      call('HSET', key, field, sub(new, 1, 5) .. sub((stored and not advances) and stored or new, 6, 22) .. tiles)
      if left == -2 or (left >= 0 and left < ttl) then call('PEXPIRE', key, ttl) end
    end
    results[i] = not (taken or advances) and '0' or stored and '1' or '2'
  end
end
return table.concat(results)
