/// Stands where acquire_sender looks for stdexec: minimal_execution.hpp under its name.
#pragma once

#include "minimal_execution.hpp"

namespace stdexec = minimal_execution;
