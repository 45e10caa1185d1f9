// GET /api/v1/sensors, /sensors/{id}/ledger, /sensors/{id}/health; {id} is the sensor's name.
#pragma once

#include "server/api/api.h"

namespace tapiary::server {

Response HandleSensors(const ApiContext& context, const Request& request);
Response HandleLedger(const ApiContext& context, const Request& request);
// Of a parameter that names one, as it is (not escaped): kNotFound when there is none.
base::Result<> CheckSensor(const Catalog& catalog, const std::string& name);
Response HandleHealth(const ApiContext& context, const Request& request);

}  // namespace tapiary::server
