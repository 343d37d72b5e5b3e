--[[
Deletes the rows of those given entities that have a tombstone.

KEYS[1]           tombstones of a slot
KEYS[1 + i]       hash of entity i, in the same slot
ARGV[i]           hash of its key

Returns how many entities had rows.
]]
local swept = 0
for i = 1, #ARGV do
  if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1 then
    swept = swept + redis.call('DEL', KEYS[1 + i])
  end
end
return swept
