#include <carpool/tls/detail/engine.hpp>
