--[[
Reads the first bytes of one field of many hashes in one command.

KEYS              hashes of entities
ARGV[1]           field: view reference, 'ad_image@1'
ARGV[2]           how many bytes

Returns per key the bytes, or nil when the field is not there.
Read-only; on a Cluster the caller sends the keys of one node per call.
]]
local headers = {}
for i, key in ipairs(KEYS) do
  local row = redis.call('HGET', key, ARGV[1])
  headers[i] = row and string.sub(row, 1, tonumber(ARGV[2]))
end
return headers
