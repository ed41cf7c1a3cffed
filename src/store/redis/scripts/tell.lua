-- Tell: these events happened.
-- KEYS: 1 events. ARGV: 1 how many the stream keeps, about; then each event.
for place = 2, #ARGV do
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'event', ARGV[place])
end
return #ARGV - 1
