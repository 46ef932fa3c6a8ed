s/SEC("lwt_in")/SEC("tc")/
