--[[
Replaces or deletes one field of many hashes, each if it still is what was read.

KEYS[i]           hash of entity i
ARGV[1]           field: view reference, 'ad_image@1'
ARGV[2i]          what was read
ARGV[2i + 1]      what to put in its place; '' deletes it

Returns how many were as read. The expiry of a hash stays.
On a Cluster the caller sends the keys of one node per call.
]]
local call, field, replaced = redis.call, ARGV[1], 0
for i, key in ipairs(KEYS) do
  if call('HGET', key, field) == ARGV[2 * i] then
    local row = ARGV[2 * i + 1]
    if row == '' then call('HDEL', key, field) else call('HSET', key, field, row) end
    replaced = replaced + 1
  end
end
return replaced
