/// Stands where opentelemetry_tracer.hpp looks for the API: minimal_opentelemetry.hpp under its name.
#pragma once

#include "../../minimal_opentelemetry.hpp"
