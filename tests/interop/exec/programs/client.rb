# Places a call with one of Ruby's HTTP clients, as their first pages show them, and reads it back.
require "json"
require "net/http"
require "open-uri"

PLACE = "https://api.nexmo.com/v1/calls"
BEARER = "Bearer #{ENV.fetch('VONAGE_JWT')}"

def request(number)
  made = Net::HTTP::Post.new(URI(PLACE))
  made["Authorization"] = BEARER
  made.content_type = "application/json"
  made.body = JSON.generate(
    to: [{ type: "phone", number: number }],
    from: { type: "phone", number: ENV.fetch("VONAGE_NUMBER") },
    ncco: JSON.parse(ENV.fetch("NCCO"))
  )
  made
end

def with_net_http(number)
  uri = URI(PLACE)
  Net::HTTP.start(uri.host, uri.port, use_ssl: true) do |http|
    uuid = JSON.parse(http.request(request(number)).body).fetch("uuid")
    JSON.parse(http.get("#{uri.path}/#{uuid}", "Authorization" => BEARER).body)
  end
end

# As Vonage's library makes its connection.
def with_no_proxy(number)
  uri = URI(PLACE)
  http = Net::HTTP.new(uri.host, Net::HTTP.https_default_port, nil)
  http.use_ssl = true
  uuid = JSON.parse(http.request(request(number)).body).fetch("uuid")
  JSON.parse(http.request(Net::HTTP::Get.new("#{uri.path}/#{uuid}", "Authorization" => BEARER)).body)
end

def with_open_uri(number)
  uri = URI(PLACE)
  made = Net::HTTP.start(uri.host, uri.port, use_ssl: true) { |http| http.request(request(number)) }
  JSON.parse(URI.open("#{PLACE}/#{JSON.parse(made.body).fetch('uuid')}", "Authorization" => BEARER, &:read))
end

# A client that does without Net::HTTP.
def with_a_socket(number)
  uri = URI(PLACE)
  plain = Socket.tcp(uri.host, uri.port)
  context = OpenSSL::SSL::SSLContext.new
  context.set_params(verify_mode: OpenSSL::SSL::VERIFY_PEER)
  secure = OpenSSL::SSL::SSLSocket.new(plain, context)
  secure.hostname = uri.host
  secure.sync_close = true
  secure.connect
  secure.post_connection_check(uri.host)
  body = request(number).body
  secure.write("POST #{uri.path} HTTP/1.1\r\nHost: #{uri.host}\r\nAuthorization: #{BEARER}\r\n" \
               "Content-Type: application/json\r\nContent-Length: #{body.bytesize}\r\nConnection: close\r\n\r\n#{body}")
  uuid = JSON.parse(secure.read.split("\r\n\r\n", 2).last).fetch("uuid")
  JSON.parse(URI.open("#{PLACE}/#{uuid}", "Authorization" => BEARER, &:read))
end

puts JSON.generate(send("with_#{ARGV[0]}", ARGV[1]))
