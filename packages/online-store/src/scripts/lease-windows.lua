--[[
A step of writing the windows of all entities again, after what it stands for was written.

KEYS[1]           what the project's windows in this Redis are: the server that has all of them, or a lease
ARGV[1]           what it must be: the lease; '' takes one that nobody holds
ARGV[2]           what it becomes
ARGV[3]           for how long, in ms; '' for good

Returns 1; 0 when it is something else: another process writes them, or Redis lost what was written since.
]]
local value = redis.call('GET', KEYS[1]) or ''
if ARGV[1] == '' then
  if string.sub(value, 1, 6) == 'lease ' then return 0 end
elseif value ~= ARGV[1] then
  return 0
end
if ARGV[3] == '' then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 1
