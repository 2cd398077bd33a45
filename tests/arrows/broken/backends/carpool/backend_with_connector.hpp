#include "carpool/connector_with_backend.hpp"
