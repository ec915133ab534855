"""A classifier in the style of first tutorials: Dataset, DataLoader, Variable, FloatTensor, indexed log-likelihood."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.autograd import Variable
from torch.optim.lr_scheduler import MultiStepLR
from torch.utils.data import DataLoader, Dataset, random_split


class Digits(Dataset):
    def __init__(self, images, labels):
        self.images = torch.FloatTensor(images)
        self.labels = torch.LongTensor(labels)

    def __getitem__(self, index):
        return self.images[index], self.labels[index]

    def __len__(self):
        return self.images.size(0)


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 4, kernel_size=3)
        self.conv2 = nn.Conv2d(4, 8, kernel_size=3)
        self.dropout = nn.Dropout2d(0.0)
        self.fc1 = nn.Linear(8 * 2 * 2, 16)
        self.fc2 = nn.Linear(16, 10)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), 2), inplace=True)
        x = F.relu(F.max_pool2d(self.dropout(self.conv2(x)), 2))
        x = x.view(-1, self.num_flat_features(x))
        return F.log_softmax(self.fc2(F.relu(self.fc1(x))), dim=1)

    def num_flat_features(self, x):
        features = 1
        for s in x.size()[1:]:
            features *= s
        return features


def accuracy(output, target, topk=(1,)):
    maxk = max(topk)
    _, pred = output.topk(maxk, 1, True, True)
    pred = pred.t()
    correct = pred.eq(target.view(1, -1).expand_as(pred))
    return [correct[:k].reshape(-1).float().sum(0).mul_(100.0 / target.size(0)).item() for k in topk]


def train(data, weights):
    use_cuda = torch.cuda.is_available()
    torch.manual_seed(1)
    dataset = Digits(data["images"], data["labels"])
    held_out = len(dataset) // 4
    train_set, test_set = random_split(dataset, [len(dataset) - held_out, held_out])
    assert len(train_set) + len(test_set) == len(dataset)
    loader = DataLoader(dataset, batch_size=8, shuffle=False, num_workers=0, drop_last=True, pin_memory=use_cuda)
    model = Net()
    model.load_state_dict({name: torch.from_numpy(value) for name, value in weights["Net"].items()})
    if use_cuda:
        model.cuda()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    scheduler = MultiStepLR(optimizer, milestones=[2, 3], gamma=0.1)

    history = []
    for epoch in range(4):
        model.train()
        running_loss = 0.0
        for batch_idx, (inputs, target) in enumerate(loader):
            inputs, target = Variable(inputs), Variable(target)
            optimizer.zero_grad()
            logp = model(inputs)
            loss = -logp[range(len(target)), target].mean()
            loss += 1e-3 * sum((p * p).sum() for p in model.parameters())
            loss.backward()
            optimizer.step()
            running_loss += loss.data.item() * inputs.size(0)
            line = "Epoch {} [{}/{}] loss {:.4f}".format(epoch, batch_idx, len(loader), loss)
            assert line.endswith(f"{loss.item():.4f}")
        scheduler.step()

        model.eval()
        correct = 0
        with torch.no_grad():
            for inputs, target in loader:
                output = model(inputs)
                _, predicted = torch.max(output.data, 1)
                correct += (predicted == target).sum().item()
        top1, top5 = accuracy(output, target, topk=(1, 5))
        history += [running_loss / len(dataset), correct / len(dataset), top1, top5, scheduler.get_last_lr()[0]]
    return history
