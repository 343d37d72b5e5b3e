--[[
Reads the first bytes of one field of many hashes in one command.

KEYS              hashes of entities
ARGV[1]           field: view reference, 'ad_image@1'
ARGV[2]           how many bytes
ARGV[3]           the first bytes of a row of the view's format and schema
ARGV[4]           how long such a row is before its text
ARGV[5]           '1' when it has text, whose length is the u32 (little-endian) before it

Returns the bytes for each key; nil without the field, or if a row of this format and schema has the wrong length.
Read-only; on a Cluster the caller sends the keys of one node per call.
]]
local field, bytes, prefix, fixed = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local has_text = ARGV[5] == '1'

local function has_wrong_length(row)
  if string.sub(row, 1, #prefix) ~= prefix then return false end
  if not has_text or #row < fixed then return #row ~= fixed end
  local a, b, c, d = string.byte(row, fixed - 3, fixed)
  return #row ~= fixed + a + 256 * (b + 256 * (c + 256 * d))
end

local headers = {}
for i, key in ipairs(KEYS) do
  local row = redis.call('HGET', key, field)
  headers[i] = row and not has_wrong_length(row) and string.sub(row, 1, bytes)
end
return headers
