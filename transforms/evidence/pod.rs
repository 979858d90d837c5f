//! Shares facts between the containers of one pod.

use super::of_cluster_client;
use crate::project::Member;
use crate::transforms::needs::capabilities;

/// Copies facts of the whole pod to each of its containers: the low ports that a kernel parameter
/// opens, and the token for the cluster's API. The containers of a pod are adjacent in the list.
pub fn share<S>(members: &mut [Member<S>]) {
    for pod in members.chunk_by_mut(|left, right| left.container.group == right.container.group) {
        let containers = || pod.iter().map(|member| &member.container);
        let lowest = containers().filter_map(capabilities::lowest_low_port).min();
        let client = containers().find_map(of_cluster_client);
        for Member { container, .. } in pod {
            container.lowest_port_of_pod = lowest;
            container.cluster_client.clone_from(&client);
        }
    }
}
