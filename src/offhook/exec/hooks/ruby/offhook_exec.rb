# frozen_string_literal: true

# Loaded into Ruby programs by `offhook exec` (RUBYOPT), for clients that heed no proxy variables: Net::HTTP does
# by itself, but many libraries, Vonage's own among them, tell it to use no proxy. Connections to the served hosts
# are made to the proxy of `offhook exec` on loopback instead, which takes TLS and plain HTTP on one port; the name
# in the TLS handshake and in the Host header stays. Whatever a client is, it ends in one of the methods that are
# changed here. Runs in the program's interpreter, Ruby 2.5 or later.

require "socket"

module OffhookExec
  PORT = ENV["OFFHOOK_EXEC_PORT"].to_i
  SERVED = Regexp.new("\\A(?:#{ENV.fetch('OFFHOOK_EXEC_HOSTS', '(?!)')})\\z", Regexp::IGNORECASE)
  REFUSES = ENV["OFFHOOK_EXEC_REST"] == "refuse"
  WEB_PORTS = %w[80 443 http https].freeze
  LOOPBACK = /\A(?:|localhost|.*\.localhost|127\.[\d.]+|::1)\z/.freeze

  # Whether a connection is for the proxy. Raises SocketError where the host is refused.
  def self.takes?(host, port)
    return false unless host.is_a?(String)

    name = host.delete_suffix(".").downcase
    return true if SERVED.match?(name)
    return false unless REFUSES && WEB_PORTS.include?(port.to_s) && !LOOPBACK.match?(name)

    raise SocketError, "offhook exec refuses #{name}: only Vonage's hosts are answered; " \
                       "use --others pass to let others through"
  end

  # Keywords arrive as a hash at the end, and leave as keywords where Ruby tells the two apart.
  def self.keywords(module_, name)
    module_.send(:ruby2_keywords, name) if module_.respond_to?(:ruby2_keywords, true)
  end

  # TCPSocket.new(host, port[, local_host, local_port][, keywords])
  module Connecting
    def initialize(host, port = nil, *rest)
      if OffhookExec.takes?(host, port)
        super("127.0.0.1", PORT, *rest.grep(Hash))
      else
        super
      end
    end
    OffhookExec.keywords(self, :initialize)
  end

  # Addrinfo.getaddrinfo(host, port[, family, type, protocol, flags][, keywords]); Socket.tcp ends here.
  module Finding
    def getaddrinfo(host, port, *rest)
      return super unless OffhookExec.takes?(host, port)

      found = rest.grep_v(Hash)
      super("127.0.0.1", PORT, Socket::AF_INET, *found[1, 2], *rest.grep(Hash))
    end
    OffhookExec.keywords(self, :getaddrinfo)
  end

  # IPSocket.getaddress(host): asked by URI#find_proxy, which then finds that no proxy is needed.
  module Naming
    def getaddress(host)
      OffhookExec.takes?(host, nil) ? "127.0.0.1" : super
    end
  end

  if PORT.positive?
    TCPSocket.prepend(Connecting)
    Addrinfo.singleton_class.prepend(Finding)
    IPSocket.singleton_class.prepend(Naming)
  end
end
