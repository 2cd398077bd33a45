// needs: tls_connector
// Connections over TLS that are verified by name, and later ones that resume the first one's session.
// run: nginx localhost {tls_port} {folder}/ca.pem
// Usage: tls_request www.example.com 443 [ca.pem]
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>
#include <carpool/tls_connector.hpp>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>

int main(int count, char** arguments) {
  if (count < 3) return std::fprintf(stderr, "Usage: %s host port [ca.pem]\n", arguments[0]), 2;
  const std::string host = arguments[1];
  try {
    const carpool::TlsConnector connector{.host = host,
                                          .port = static_cast<std::uint16_t>(std::stoi(arguments[2])),
                                          .tls = {.ca_file = count > 3 ? arguments[3] : ""}};
    carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::TlsConnector> pool(connector,
                                                                                                    {.name = host});
    for (int i = 0; i < 3; ++i) {
      auto connection = pool.acquire();
      connection->write_all("HEAD / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
      std::printf("%s%s: %s\n", connection->socket().version().c_str(),
                  connection->socket().resumed() ? ", resumed" : "", connection->read_until("\r\n").c_str());
      connection.discard();  // the server closes it, as it was asked to
    }
    std::printf("%llu of %llu handshakes resumed a session\n",
                static_cast<unsigned long long>(connector.context.resumptions()),
                static_cast<unsigned long long>(connector.context.handshakes()));
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "%s\n", error.what()), 1;
  }
}
