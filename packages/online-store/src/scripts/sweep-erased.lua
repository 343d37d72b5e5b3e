--[[
One step of restoring tombstones: deletes the rows of those given entities that have a tombstone.

KEYS[1]           lease
KEYS[2i]          hash of entity i
KEYS[2i + 1]      tombstones of its slot
ARGV[1]           what the lease must be: the step before
ARGV[2]           what it becomes
ARGV[3]           for how long, in ms
ARGV[3 + i]       hash of the entity's key

Returns how many entities had rows; -1 when the lease is another one.
]]
local call = redis.call
if call('GET', KEYS[1]) ~= ARGV[1] then return -1 end
call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
local swept = 0
for i = 1, (#KEYS - 1) / 2 do
  if call('HEXISTS', KEYS[2 * i + 1], ARGV[3 + i]) == 1 then
    swept = swept + call('DEL', KEYS[2 * i])
  end
end
return swept
