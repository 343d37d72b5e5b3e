--[[
The last step of restoring tombstones: this Redis has at least so many.

KEYS[1]           lease
KEYS[2]           hash that counts the project's tombstones
ARGV[1]           what the lease must be: the step before
ARGV[2]           how many tombstones were published

Returns 1; 0 when the lease is another one.
]]
local call = redis.call
if call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
call('DEL', KEYS[1])
call('HDEL', KEYS[2], 'unswept')
-- Tombstones without a count, of a Redis changed by hand, would be restored again and again.
if tonumber(call('HGET', KEYS[2], 'count') or 0) < tonumber(ARGV[2]) then
  call('HSET', KEYS[2], 'count', ARGV[2])
end
return 1
