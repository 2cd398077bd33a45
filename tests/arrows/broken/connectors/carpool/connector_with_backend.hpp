#include <carpool/backend_with_connector.hpp>
