--[[
Reads some fields of many hashes in one command.

KEYS              hashes of entities, group after group
ARGV              for each group: number of keys, number of fields, the fields

Returns an array for each key, in the order of KEYS, with a row or nil for each field.
Read-only; on a Cluster the caller sends pipelined HMGETs by node instead.
]]
local replies, at, arg = {}, 1, 1
while arg <= #ARGV do
  local keys, fields = tonumber(ARGV[arg]), tonumber(ARGV[arg + 1])
  for i = at, at + keys - 1 do
    replies[i] = redis.call('HMGET', KEYS[i], unpack(ARGV, arg + 2, arg + 1 + fields))
  end
  at, arg = at + keys, arg + 2 + fields
end
return replies
