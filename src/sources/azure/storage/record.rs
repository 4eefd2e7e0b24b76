//! The members of a storage log record that are read.

use crate::sources::microsoft::record;

record! {
    /// The members of a record that are read.
    Record {
        time = "time",
        generated = "timegenerated",
        op = "operationname",
        status = "statuscode",
        status_text = "statustext",
        response = "metricresponsetype",
        account = "accountname",
        resource = "resourceid",
        service = "servicetype",
        key = "objectkey",
        uri = "uri",
        source = "sourceuri",
        destination = "destinationuri",
        count = "operationcount",
        request = "correlationid",
        region = "location",
        caller = "calleripaddress",
        user_agent = "useragentheader",
        sent = "responsebodysize",
        received = "requestbodysize",
    }
}
