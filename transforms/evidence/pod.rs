//! Shares facts between the containers of one pod.

use super::of_cluster_client;
use crate::container::Container;
use crate::project::Member;
use crate::transforms::needs::capabilities;
use crate::transforms::{non_root_user, works_on_host};

/// Copies facts of the whole pod to each of its containers: the low ports that a kernel parameter
/// opens, the token for the cluster's API, and an image that works on the host. The containers of a pod are adjacent in the list.
pub fn share<S>(members: &mut [Member<S>]) {
    for pod in members.chunk_by_mut(|left, right| left.container.group == right.container.group) {
        let containers = || pod.iter().map(|member| &member.container);
        let lowest = containers().filter_map(capabilities::lowest_low_port).min();
        let client = containers().find_map(of_cluster_client);
        let worker = containers().find_map(works_on_host).map(str::to_owned);
        for Member { container, .. } in pod {
            container.lowest_port_of_pod = lowest;
            container.cluster_client.clone_from(&client);
            container.host_worker_of_pod.clone_from(&worker);
        }
    }
}

/// The order in which the containers of members are decided. A pod has one group for its volumes,
/// so a container that knows the group of its storage comes before the others of its pod, which
/// then find that group.
pub fn order<S>(members: &[Member<S>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..members.len()).collect();
    let group = |at: &usize| members[*at].container.group;
    for pod in order.chunk_by_mut(|left, right| group(left) == group(right)) {
        if pod.len() > 1 {
            pod.sort_by_key(|at| !brings_group(&members[*at].container));
        }
    }
    order
}

/// Whether the pod has no group for its volumes, and the container brings one.
fn brings_group(container: &Container) -> bool {
    container.volume_group.is_absent() && non_root_user::knows_volume_group(container)
}
